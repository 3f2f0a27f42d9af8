import { fitMessage } from '@navarch/scheduling';

/** A plug-in took a decision back: the pod waits until something can help it, and is told why. */
export interface BindingRefusal extends Error {
  readonly code: 'BindingRefused';
  readonly plugin: string;
}

export function bindingRefusal(plugin: string, reason: string): BindingRefusal {
  return Object.assign(new Error(reason), { code: 'BindingRefused' as const, plugin });
}

export function isBindingRefusal(error: unknown): error is BindingRefusal {
  return error instanceof Error && (error as Partial<BindingRefusal>).code === 'BindingRefused';
}

/** Reserve and Permit speak of the one node that was chosen: that is told as if there were no other. */
export function placeRefusal(plugin: string, ...reasons: string[]): BindingRefusal {
  return bindingRefusal(plugin, fitMessage({ nodes: 1, refusals: [{ node: '', plugin, reasons, unresolvable: false }] }));
}
