import { formatDuration } from '@navarch/apimachinery';
import { camelCase, type Config, type FlagSpec, type FlagTable } from '../flag-table';

/** What upstream shows in place of a value that is nobody's business. */
const CLASSIFIED = 'CLASSIFIED';

/** Every flag's value as upstream's /flagz writes it, given or default: unset ones too, secret ones hidden. */
export function flagTexts<F extends FlagTable>(flags: F, config: Config<F>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(flags).map(([name, spec]) => [name, spec.secret === true ? CLASSIFIED : textOf(spec, (config as Record<string, unknown>)[camelCase(name)])]));
}

function textOf({ type }: FlagSpec, value: unknown): string {
  switch (type) {
    case 'duration': return formatDuration(Math.round(Number(value ?? 0) * 1e6));
    case 'list': return `[${(value as readonly string[]).join(',')}]`;
    case 'texts': return `[${(value as readonly string[]).join(';')}]`;
    case 'map': return Object.entries(value as Readonly<Record<string, string>>).map(([key, one]) => `${key}=${one}`).sort().join(',');
    case 'number': return String((value as number | undefined) ?? 0);
    case 'boolean': return String((value as boolean | undefined) ?? false);
    case 'string': return (value as string | undefined) ?? '';
  }
}
