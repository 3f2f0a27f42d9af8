import { validateDefinition, type CustomResourceDefinition } from '@navarch/custom-resources';
import type { FurtherRule } from '../registry/define-resources';

/** Schemas and rules of a definition are checked before it is stored. */
export const definitionRule: FurtherRule = (object, old) => validateDefinition(object as CustomResourceDefinition, old as CustomResourceDefinition | undefined);
