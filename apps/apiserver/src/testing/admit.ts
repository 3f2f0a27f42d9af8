import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline';
import { refusalOf } from './admission-attributes';

/** Lets a plug-in do all it does to a write; its refusal, or empty. */
export async function admit(plugin: AdmissionPlugin, attributes: AdmissionAttributes): Promise<string> {
  if (!plugin.handles(attributes)) return 'not handled';
  return refusalOf(async () => {
    await plugin.mutate?.(attributes, { again: false, requestAnother: () => undefined });
    await plugin.validate?.(attributes);
  });
}
