import { isPrintable } from '../text/go-quote';
import { utf8Length } from '../text/utf8-length';
import { dnsSubdomainMaxLength } from './dns-names';
import { emptyMessage, maxLengthMessage, rangeMessage, regexMessage } from './messages';

// Each function lists what is wrong with a value, in upstream's words; none means valid.

/** A port number that may be listened on. */
export function portNumberMessages(port: number): string[] {
  return rangeMessages(port, 1, 65535);
}

/** A whole number between two others. */
export function rangeMessages(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [rangeMessage(min, max)];
}

/** An IANA service name: the name of a port. */
export function portNameMessages(name: string): string[] {
  const messages: string[] = [];
  if (utf8Length(name) > 15) messages.push(maxLengthMessage(15));
  if (!/^[-a-z0-9]+$/.test(name)) messages.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) messages.push('must contain at least one letter (a-z)');
  if (name.includes('--')) messages.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) messages.push('must not begin or end with a hyphen');
  return messages;
}

/** `25%`. */
export function percentMessages(value: string): string[] {
  return /^[0-9]+%$/.test(value) ? [] : [regexMessage("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%')];
}

/** The name of an HTTP header in a probe. */
export function httpHeaderNameMessages(value: string): string[] {
  return /^[-A-Za-z0-9]+$/.test(value) ? [] : [regexMessage("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name')];
}

/** The name of an environment variable: since 1.34 any printable ASCII but the equals sign. */
export function envVarNameMessages(value: string): string[] {
  if (value === '') return [`environment variable name ${emptyMessage}`];
  return /^[ -<>-~]+$/.test(value) ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. */
export function configMapKeyMessages(value: string): string[] {
  const messages: string[] = [];
  if (utf8Length(value) > dnsSubdomainMaxLength) messages.push(maxLengthMessage(dnsSubdomainMaxLength));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    messages.push(regexMessage("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') messages.push("must not be '.'");
  else if (value === '..') messages.push("must not be '..'");
  else if (value.startsWith('..')) messages.push("must not start with '..'");
  return messages;
}

/** A C identifier. */
export function cIdentifierMessages(value: string): string[] {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return [];
  return [regexMessage("a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    '[A-Za-z_][A-Za-z0-9_]*', 'my_name', 'MY_NAME', 'MyName')];
}

/** A name that becomes one segment of a URL: names of roles and bindings. */
export function pathSegmentNameMessages(name: string, isPrefix = false): string[] {
  if (!isPrefix && (name === '.' || name === '..')) return [`may not be '${name}'`];
  return ['/', '%'].filter((illegal) => name.includes(illegal)).map((illegal) => `may not contain '${illegal}'`);
}

/** The first character that cannot be printed, with its byte position, as `%#U` prints it. */
export function unprintable(value: string): { character: string; position: number } | undefined {
  if (/^[ -~]*$/.test(value)) return undefined;
  let position = 0;
  for (const character of value) {
    if (!isPrintable(character)) return { character: `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`, position };
    position += utf8Length(character);
  }
  return undefined;
}

/** A whole number as one writes it: no plus sign, no leading zeros, no minus before zero (upstream's content.IsDecimalInteger). Of any size. */
export function decimalIntegerMessages(value: string): string[] {
  if (value === '') return [emptyMessage];
  return /^(0|-?[1-9][0-9]*)$/.test(value) ? [] : ['must be a valid decimal integer in canonical form'];
}
