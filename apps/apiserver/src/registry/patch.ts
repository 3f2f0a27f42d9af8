import { unsupportedMediaType } from '@navarch/apimachinery';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const TYPES = new Map<string, PatchType>(Object.entries({
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}));

/** The kind of patch a Content-Type names. Custom kinds have no strategy for their lists. @throws unsupportedMediaType */
export function patchType(contentType: string | undefined, isCustom = false): PatchType {
  const type = TYPES.get((contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '');
  if (type === undefined || (isCustom && type === 'strategic')) throw unsupportedMediaType([...TYPES].filter(([, each]) => !isCustom || each !== 'strategic').map(([name]) => name));
  return type;
}
