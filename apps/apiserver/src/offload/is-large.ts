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
  while (open.length > 0 && weight <= LARGE) {
    const value = open.pop();
    if (typeof value === 'string') weight += value.length / CHARACTERS_PER_UNIT;
    else if (typeof value === 'object' && value !== null) {
      const others = open.length;
      // Every write is gone through: lists of what objects hold would take most of the time.
      if (Array.isArray(value)) for (const member of value as readonly unknown[]) open.push(member);
      else for (const name in value) open.push((value as Readonly<Record<string, unknown>>)[name]);
      weight += (open.length - others) * PER_MEMBER;
    }
  }
  return weight > LARGE;
}
