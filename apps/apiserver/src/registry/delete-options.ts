import type { metav1 } from '@navarch/api';
import { badRequest, invalid, parseBoolean, validateDeleteOptions } from '@navarch/apimachinery';
import { parseInteger } from './list-options';

/** DeleteOptions, read and checked. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagation?: 'Orphan' | 'Background' | 'Foreground';
  readonly dryRun: boolean;
  /** What cannot be read is to be deleted all the same: `ignoreStoreReadErrorWithClusterBreakingPotential`. */
  readonly ignoresReadErrors?: boolean;
  /** The client said what should become of dependents, so an answer before all is done is a 202. */
  readonly asksForCascade: boolean;
  /** As the client wrote them, for admission to see. */
  readonly given?: metav1.DeleteOptions;
}

/** @throws invalid, badRequest */
export function deleteOptions(body: metav1.DeleteOptions): DeleteOptions {
  const { dryRun, gracePeriodSeconds, orphanDependents, propagationPolicy, preconditions, ignoreStoreReadErrorWithClusterBreakingPotential: ignoresReadErrors = false } = body;
  const errors = validateDeleteOptions({
    ...(dryRun ? { dryRun } : {}),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ignoreStoreReadErrorWithClusterBreakingPotential: ignoresReadErrors,
  });
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  if (gracePeriodSeconds !== undefined && !Number.isSafeInteger(gracePeriodSeconds)) throw badRequest('gracePeriodSeconds must be a whole number');
  const byFlag = orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background';
  const propagation = (propagationPolicy as DeleteOptions['propagation']) ?? byFlag;
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(preconditions ? { preconditions } : {}),
    ...(propagation ? { propagation } : {}),
    dryRun: dryRun?.includes('All') ?? false,
    ignoresReadErrors,
    asksForCascade: orphanDependents === false,
    given: body,
  };
}

/** DeleteOptions of a request without a body: from the query. @throws badRequest */
export function deleteOptionsOfQuery(query: URLSearchParams): metav1.DeleteOptions {
  const options: metav1.DeleteOptions = {};
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null) options.gracePeriodSeconds = parseInteger(grace);
  const policy = query.get('propagationPolicy');
  if (policy !== null) options.propagationPolicy = policy;
  const orphan = query.get('orphanDependents');
  if (orphan !== null) options.orphanDependents = parseBoolean(orphan);
  const ignores = query.get('ignoreStoreReadErrorWithClusterBreakingPotential');
  if (ignores !== null) options.ignoreStoreReadErrorWithClusterBreakingPotential = parseBoolean(ignores);
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) options.dryRun = dryRun;
  return options;
}
