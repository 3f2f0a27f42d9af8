/** Length in bytes of the UTF-8 form: what Go's `len` and the limits in API messages count. */
export function utf8Length(value: string): number {
  return Buffer.byteLength(value, 'utf8');
}

/** Whether that is more than it may be. A character is one byte to three: most texts need not be measured. */
export const isLongerThan = (value: string, max: number): boolean => value.length > max || (value.length * 3 > max && utf8Length(value) > max);
