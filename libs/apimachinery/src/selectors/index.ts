export { FieldSelector, parseFieldSelector, type FieldRequirement } from './field-selector';
export { formatRequirement, matchesRequirement, parseInt64, type LabelOperator, type LabelRequirement, type Labels } from './label-requirement';
export { compileLabelSelector, formatLabelSelector, matchesLabelSelector, validateLabelSelector, type LabelSelector, type LabelSelectorRequirement } from './label-selector';
export { parseLabelSelector } from './parse-label-selector';
export { Selector } from './selector';
