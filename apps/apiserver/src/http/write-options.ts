import { fieldValidationOf, invalid, parseBoolean, validatePatchOptions, validateWriteOptions } from '@navarch/apimachinery';
import type { WriteContext } from '../registry/write-context';
import type { Exchange } from './exchange';

/** Query parameters that every write takes, read and checked; those of a deletion are its own (see DeleteOptions). @throws invalid */
export function writeContext(exchange: Exchange, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions', apply = false): WriteContext {
  const { query } = exchange;
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
  const given = { ...(dryRun.length > 0 ? { dryRun } : {}), ...(fieldManager === '' ? {} : { fieldManager }), ...(validation === null || validation === '' ? {} : { fieldValidation: validation }) };
  return {
    user: exchange.user,
    dryRun: dryRun.includes('All'),
    fieldManager,
    userAgent: exchange.userAgent,
    fieldValidation: fieldValidationOf(validation),
    force: force !== null && parseBoolean(force),
    trusted: false,
    warn: (text) => exchange.warn(text),
    requested: exchange.info,
    options: given,
    abandonment: exchange.abandonment,
    ...(exchange.isAudited ? { annotate: (key: string, value: string, from?: 'Request') => exchange.annotate(key, value, from) } : {}),
  };
}
