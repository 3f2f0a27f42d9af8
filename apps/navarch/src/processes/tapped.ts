import type { Layout } from '../cluster/layout';
import type { ProcessSpec } from './process-spec';

/** Gives each process of ours a socket on which it tells what crosses its boundaries; what others wrote has none. */
export function tapped(specs: readonly ProcessSpec[], layout: Layout): ProcessSpec[] {
  return specs.map((spec) => (spec.command === process.execPath ? { ...spec, env: { ...spec.env, NAVARCH_TAP_SOCKET: layout.tapSocket(spec.name) } } : spec));
}
