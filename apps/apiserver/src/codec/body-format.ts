import { unsupportedMediaType } from '@navarch/apimachinery';

export type BodyFormat = 'json' | 'yaml' | 'protobuf';

const FORMATS: Readonly<Record<string, BodyFormat>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};

export const BODY_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** The format a Content-Type names; JSON when there is none. @throws unsupportedMediaType */
export function bodyFormat(contentType: string | undefined): BodyFormat {
  if (contentType === undefined || contentType === '' || contentType === 'application/json') return 'json';
  const format = FORMATS[(contentType.split(';', 1)[0] ?? '').trim().toLowerCase()];
  if (format === undefined) throw unsupportedMediaType(BODY_TYPES);
  return format;
}
