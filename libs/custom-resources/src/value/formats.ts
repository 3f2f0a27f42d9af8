import { textFormatOf, type TextFormat } from '@navarch/apimachinery';
import { isIPv4, isIPv6 } from 'node:net';

// The formats that upstream's registry knows (kube-openapi pkg/validation/strfmt); any other name says nothing.

type Check = (text: string) => boolean;

/** Zones mean something to one machine only. */
const isPlainIPv6: Check = (text) => isIPv6(text) && !text.includes('%');

const shaped = (pattern: RegExp): Check => (text) => pattern.test(text);
const digits = (text: string): string => text.replace(/[\s-]/g, '');

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!match) return false;
  const [, year, month, day] = match.map(Number);
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  return date.getUTCMonth() === (month ?? 0) - 1 && date.getUTCDate() === day;
}

function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text) && isDate(text.slice(0, 10));
}

function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  return (isIPv4(address) && Number(bits) <= 32) || (isPlainIPv6(address) && Number(bits) <= 128);
}

function isCreditCard(text: string): boolean {
  const plain = digits(text);
  if (!/^\d{13,19}$/.test(plain)) return false;
  const sum = Array.from(plain).reverse().map(Number).reduce((total, digit, i) => total + (i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return sum % 10 === 0;
}

const uuid = (version: string): Check =>
  shaped(
    new RegExp(
      `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[${version === '[0-9a-f]' || version === '3' ? '0-9a-f' : '89ab'}][0-9a-f]{3}-?[0-9a-f]{12}$`,
      'i',
    ),
  );

const HOSTNAME = /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;

const CHECKS: Readonly<Record<TextFormat, Check>> = {
  bsonobjectid: shaped(/^[0-9a-f]{24}$/i),
  uri: (text) => text.startsWith('/') || (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) && URL.canParse(text)),
  email: shaped(/^[^@\s<>]+@[^@\s<>]+$/),
  hostname: (text) => text.length <= 255 && HOSTNAME.test(text),
  ipv4: isIPv4,
  ipv6: isPlainIPv6,
  cidr: isCidr,
  mac: shaped(/^([0-9a-f]{2}([:-])[0-9a-f]{2}(\2[0-9a-f]{2}){4}((\2[0-9a-f]{2}){2})?|[0-9a-f]{4}(\.[0-9a-f]{4}){2,3})$/i),
  uuid: uuid('[0-9a-f]'),
  uuid3: uuid('3'),
  uuid4: uuid('4'),
  uuid5: uuid('5'),
  isbn: (text) => /^(\d{9}[\dX]|97[89]\d{10})$/.test(digits(text)),
  isbn10: (text) => /^\d{9}[\dX]$/.test(digits(text)),
  isbn13: (text) => /^97[89]\d{10}$/.test(digits(text)),
  creditcard: isCreditCard,
  ssn: shaped(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: shaped(/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: shaped(/^rgb\(\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*,\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*,\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*\)$/),
  byte: shaped(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  password: () => true,
  quantity: () => true,
  date: isDate,
  duration: shaped(
    /^(-?([\d.]+\s*(ns|nano|nanos|nanosecond|nanoseconds|us|µs|μs|micro|micros|microseconds|ms|milli|millis|milliseconds|s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hrs|hour|hours|d|day|days|w|wk|week|weeks))+|0)$/,
  ),
  datetime: isDateTime,
  k8sshortname: shaped(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  k8slongname: (text) => text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text),
};

/** Whether a text has a format; formats that nobody knows are anything. */
export function hasFormat(text: string, format: string): boolean {
  const known = textFormatOf(format);
  return known === undefined || CHECKS[known](text);
}
