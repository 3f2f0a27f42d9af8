import { unsupportedMediaType } from '@navarch/apimachinery';

export type BodyFormat = 'json' | 'yaml' | 'protobuf';

const FORMATS = new Map<string, BodyFormat>(Object.entries({
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
}));

const BODY_TYPES = [...FORMATS.keys()];

/** The format a Content-Type names; JSON when there is none. @throws unsupportedMediaType */
export function bodyFormat(contentType: string | undefined): BodyFormat {
  if (contentType === undefined || contentType === '' || contentType === 'application/json') return 'json';
  const format = FORMATS.get((contentType.split(';', 1)[0] ?? '').trim().toLowerCase());
  if (format === undefined) throw unsupportedMediaType(BODY_TYPES);
  return format;
}
