/**
 * An API type before validation: the schema has checked the types of what is there, but anything may be missing.
 * Defaulting and validation work on this.
 */
export type Loose<T> = T extends readonly (infer Item)[]
  ? Loose<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Loose<T[Key]> | undefined }
    : T;
