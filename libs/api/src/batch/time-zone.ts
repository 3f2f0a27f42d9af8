/** The parts of a name in the time zone database, and of names that older systems have. */
const part = /^[A-Za-z.\-_0-9+]{1,14}$/;

const isPart = (text: string): boolean => text !== '.' && text !== '..' && !text.startsWith('-') && part.test(text);

/** The names that are no aliases, by their lower case. */
const canonical = new Map([...Intl.supportedValuesOf('timeZone'), 'UTC'].map((name) => [name.toLowerCase(), name]));

/** Whether the system knows a time zone by this name: it is a file's upstream, with capitals, and an offset is none. */
function isKnown(zone: string): boolean {
  if (zone.startsWith('+') || (canonical.get(zone.toLowerCase()) ?? zone) !== zone) return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What is wrong with the name of a time zone. Mirrors validateTimeZone of pkg/apis/batch/validation. */
export function timeZoneMessages(zone: string): string[] {
  if (zone === '') return ['timeZone must be nil or non-empty string'];
  const unknown = `unknown time zone ${zone}`;
  if (!zone.split('/').every(isPart)) return [unknown];
  const local = zone.toLowerCase() === 'local' ? ['timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'] : [];
  if (zone === 'Local') return local;
  if (zone.includes('..')) return [...local, 'time: invalid location name'];
  return isKnown(zone) ? local : [...local, unknown];
}
