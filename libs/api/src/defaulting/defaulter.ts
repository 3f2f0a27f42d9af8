/** Fills what the user left out; the object must be the caller's own. */
export type Defaulter = (object: object) => void;

/** By `<group>/<version>/<kind>`, without the group and its slash for core. */
export type Defaulters = Readonly<Record<string, Defaulter>>;

/** Forgets the type of the object: the registry hands each function objects of the kind it is registered for. */
export function defaulter<T extends object>(fill: (object: T) => void): Defaulter {
  return fill as Defaulter;
}
