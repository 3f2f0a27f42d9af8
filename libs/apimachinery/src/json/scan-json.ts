/** What one quick look at a JSON text tells, before the native parser reads it. */
export interface JsonScan {
  /** Number of members of all objects, should the text be valid. */
  readonly members: number;
  readonly depth: number;
  /** Whether it has a number that a double might not hold exactly. */
  readonly hasLongNumber: boolean;
}

const quote = 0x22;
const backslash = 0x5c;

/** The longest run of digits that always fits into 2⁵³. */
const safeDigits = 15;

/**
 * Counts in bytes of UTF-8, where all that matters is ASCII. About 1 ns a byte: it is what lets the native parser
 * be used although that one drops duplicate keys and rounds numbers in silence.
 */
export function scanJson(bytes: Uint8Array): JsonScan {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  let digits = 0;
  let hasLongNumber = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) {
      if (++digits > safeDigits) hasLongNumber = true;
      continue;
    }
    if (byte !== 0x2e) digits = 0;
    if (byte === quote) {
      for (i++; i < bytes.length && bytes[i] !== quote; i++) if (bytes[i] === backslash) i++;
    } else if (byte === 0x3a) members++;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return { members, depth: deepest, hasLongNumber };
}

/** Number of members of all objects in a value: fewer than in the text when keys stood there twice. */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  const object = value as Record<string, unknown>;
  for (const name in object) count += 1 + countMembers(object[name]);
  return count;
}
