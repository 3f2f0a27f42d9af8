import { formatTime } from '@navarch/apimachinery';
import type { resourcev1, resourcev1beta2 } from '../gen';
import { keepMetadata, kindRules, specChanged } from './kind-rules';
import type { StrategyContext } from './types';

/** A taint that does not say since when it is there is new (upstream's SetDefaults_DeviceTaint). */
function date(taint: resourcev1.DeviceTaint | undefined, nowMs: number): void {
  if (taint !== undefined) taint.timeAdded ??= formatTime(nowMs);
}

const dateDevices = ({ spec }: resourcev1.ResourceSlice, { nowMs }: StrategyContext): void => {
  for (const { taints = [] } of spec.devices ?? []) for (const taint of taints) date(taint, nowMs);
};
const dateRule = ({ spec }: resourcev1beta2.DeviceTaintRule, { nowMs }: StrategyContext): void => date(spec.taint, nowMs);

export const resourceSliceRules = kindRules<resourcev1.ResourceSlice>({ generation: specChanged, onCreate: dateDevices, onUpdate: (slice, _old, context) => dateDevices(slice, context) });

export const deviceTaintRuleRules = kindRules<resourcev1beta2.DeviceTaintRule>({
  initialStatus: () => ({}),
  onStatusUpdate: keepMetadata,
  resets: { status: ['metadata', 'spec'] },
  generation: specChanged,
  onCreate: dateRule,
  onUpdate: (rule, _old, context) => dateRule(rule, context),
});
