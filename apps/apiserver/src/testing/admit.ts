import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline';
import { refusalOf } from './admission-attributes';

/** Whether a plug-in has to do with a write. */
export const concerns = (plugin: AdmissionPlugin, attributes: AdmissionAttributes): boolean => plugin.handles(attributes) && plugin.applies?.(attributes) !== false;

/** Lets a plug-in do all it does to a write; its refusal, or empty. */
export async function admit(plugin: AdmissionPlugin, attributes: AdmissionAttributes): Promise<string> {
  if (!concerns(plugin, attributes)) return 'not handled';
  return refusalOf(async () => {
    await plugin.mutate?.(attributes, { again: false, requestAnother: () => undefined });
    await plugin.validate?.(attributes);
  });
}
