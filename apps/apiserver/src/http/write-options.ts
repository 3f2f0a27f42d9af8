import { fieldValidationOf, invalid, parseBoolean, validatePatchOptions, validateWriteOptions } from '@navarch/apimachinery';
import type { FieldValidation, WriteContext } from '../registry/write-context';
import { type Exchange, NO_QUERY } from './exchange';

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';

/** What the query parameters of a write say. */
interface AskedOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
  /** As they were given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What most writes ask for. */
const NOTHING_ASKED: AskedOptions = { dryRun: false, fieldManager: '', fieldValidation: fieldValidationOf(null), force: false, options: {} };

/** @throws invalid */
function askedOptions(query: URLSearchParams, kind: OptionsKind, apply: boolean): AskedOptions {
  const dryRun = query.getAll('dryRun');
  const fieldManager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation');
  const force = query.get('force');
  if (kind !== 'DeleteOptions' && (dryRun.length > 0 || fieldManager !== '' || validation !== null || force !== null || apply)) {
    const options = { dryRun, fieldManager, fieldValidation: validation ?? '' };
    const errors = kind === 'PatchOptions'
      ? validatePatchOptions(force === null ? options : { ...options, force: parseBoolean(force) }, apply)
      : validateWriteOptions(options);
    if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  }
  const options = { ...(dryRun.length > 0 ? { dryRun } : {}), ...(fieldManager === '' ? {} : { fieldManager }), ...(validation === null || validation === '' ? {} : { fieldValidation: validation }) };
  return { dryRun: dryRun.includes('All'), fieldManager, fieldValidation: fieldValidationOf(validation), force: force !== null && parseBoolean(force), options };
}

/** Query parameters that every write takes, read and checked; those of a deletion are its own (see DeleteOptions). @throws invalid */
export function writeContext(exchange: Exchange, kind: OptionsKind, apply = false): WriteContext {
  const { query, user, userAgent, info, abandonment } = exchange;
  const { dryRun, fieldManager, fieldValidation, force, options } = query === NO_QUERY && !apply ? NOTHING_ASKED : askedOptions(query, kind, apply);
  return {
    user, dryRun, fieldManager, userAgent, fieldValidation, force, options, abandonment, requested: info, trusted: false,
    warn: (text) => exchange.warn(text),
    annotate: exchange.isAudited ? (key, value, from) => exchange.annotate(key, value, from) : undefined,
  };
}
