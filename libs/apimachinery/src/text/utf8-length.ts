/** Length in bytes of the UTF-8 form: what Go's `len` and the limits in API messages count. */
export function utf8Length(value: string): number {
  return Buffer.byteLength(value, 'utf8');
}
