/** From here on, work on an object is done in another thread (rules 6.7): about what typical objects of 256 KiB weigh. */
const LARGE = 256 * 1024;
/** A member weighs as much as it is long in typical JSON: going through objects costs by their members. */
const PER_MEMBER = 50;
/** Text that is only passed through costs little. */
const CHARACTERS_PER_UNIT = 8;

/** Whether it takes long to go through what an object holds. Looks no further than it must. */
export function isLarge(...values: readonly unknown[]): boolean {
  const open: unknown[] = [...values];
  let weight = 0;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') weight += value.length / CHARACTERS_PER_UNIT;
    else if (typeof value === 'object' && value !== null) {
      const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
      weight += members.length * PER_MEMBER;
      if (weight > LARGE) return true;
      for (const member of members) open.push(member);
    }
  }
  return weight > LARGE;
}
