/** The formats of texts that schemas may name and somebody looks at, without their dashes; any other says nothing. */
const textFormats = [
  'bsonobjectid', 'uri', 'email', 'hostname', 'ipv4', 'ipv6', 'cidr', 'mac', 'uuid', 'uuid3', 'uuid4', 'uuid5', 'isbn', 'isbn10', 'isbn13', 'creditcard', 'ssn', 'hexcolor', 'rgbcolor',
  'byte', 'password', 'date', 'duration', 'datetime', 'quantity', 'k8sshortname', 'k8slongname',
] as const;

export type TextFormat = (typeof textFormats)[number];

/** The one that a schema names, with or without dashes; undefined for one that nobody knows. */
export function textFormatOf(name: string): TextFormat | undefined {
  const plain = name.replaceAll('-', '');
  return textFormats.find((format) => format === plain);
}
