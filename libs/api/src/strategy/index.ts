export { type FieldGate, fieldGates } from './gated-fields';
export { strategyFor } from './strategy-for';
export { type ResourceSemantics, type Strategy, type StrategyContext } from './types';
export { applyScale, isScalable, scaleOf } from './scale';
export { selectableFields, unknownFieldMessage } from './selectable-fields';
