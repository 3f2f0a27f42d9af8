import { type ContentRules } from '../validation/kind-validation';
import { dns1035Name, labelName } from '../validation/name-rules';

/** By `<group>/<kind>`. */
export const coreValidation: Readonly<Record<string, ContentRules>> = {
  '/Namespace': { name: labelName },
  '/Service': { name: dns1035Name },
};
