import { dns1035LabelMessages, dns1123LabelMessages, dns1123SubdomainMessages, labelKeyMessages, labelValueMessages } from '@navarch/apimachinery';
import { parseTimestamp } from '../values/time';
import { ArrayList, type OpaqueValue, Optional } from '../values/value';
import { overload, type Overload, regexCost } from './overload';

type Check = (text: string) => string[];

/** Prefixes of generated names may end with a hyphen: it is followed by more. */
const asPrefix = (check: Check): Check => (text) => check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
const shaped = (pattern: RegExp, message: string): Check => (text) => (pattern.test(text) ? [] : [message]);

const CHECKS: Readonly<Record<string, Check>> = {
  dns1123Label: dns1123LabelMessages,
  dns1123Subdomain: dns1123SubdomainMessages,
  dns1035Label: dns1035LabelMessages,
  dns1123LabelPrefix: asPrefix(dns1123LabelMessages),
  dns1123SubdomainPrefix: asPrefix(dns1123SubdomainMessages),
  dns1035LabelPrefix: asPrefix(dns1035LabelMessages),
  qualifiedName: labelKeyMessages,
  labelValue: labelValueMessages,
  uri: (text) => (URL.canParse(text) || text.startsWith('/') ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`]),
  uuid: shaped(/^[a-f0-9]{8}-?[a-f0-9]{4}-?[a-f0-9]{4}-?[a-f0-9]{4}-?[a-f0-9]{12}$/i, 'does not match the UUID format'),
  byte: shaped(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/, 'invalid base64'),
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) ? [] : ['invalid date']),
  datetime: (text) => (parseTimestamp(text) ? [] : ['invalid datetime']),
};

class FormatValue implements OpaqueValue {
  readonly opaque = 'kubernetes.NamedFormat';

  constructor(
    readonly name: string,
    readonly check: Check,
  ) {}

  equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && other.name === this.name;
  }
}

const formats = new Map(Object.entries(CHECKS).map(([name, check]) => [name, new FormatValue(name, check)]));

function validate({ check }: FormatValue, text: string): Optional {
  const messages = check(text);
  return messages.length === 0 ? Optional.none : new Optional(new ArrayList(messages));
}

export const namedFormats: readonly Overload[] = [
  ...[...formats].map(([name, format]) => overload(`format.${name}(): kubernetes.NamedFormat`, () => format)),
  overload('format.named(string): optional<kubernetes.NamedFormat>', (name: string) => {
    const format = formats.get(name);
    return format ? new Optional(format) : Optional.none;
  }),
  overload('kubernetes.NamedFormat -> validate(string): optional<list<string>>', validate, { cost: (_, text) => regexCost(text, 100), size: () => 3 }),
];
