import type { apiextensionsv1 } from '@navarch/api';

export type CustomResourceDefinition = apiextensionsv1.CustomResourceDefinition;
export type DefinitionVersion = apiextensionsv1.CustomResourceDefinitionVersion;
export type DefinitionNames = apiextensionsv1.CustomResourceDefinitionNames;
export type DefinitionCondition = apiextensionsv1.CustomResourceDefinitionCondition;

/** On a definition until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** The condition of a type, if it is there. */
export const conditionOf = ({ status }: CustomResourceDefinition, type: string): DefinitionCondition | undefined => status?.conditions?.find((condition) => condition.type === type);
export const isTrue = (definition: CustomResourceDefinition, type: string): boolean => conditionOf(definition, type)?.status === 'True';
