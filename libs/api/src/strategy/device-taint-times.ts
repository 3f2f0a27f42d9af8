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
/** As it may come: a rule without a taint is for validation to refuse. */
interface Rule {
  readonly spec: { readonly taint?: resourcev1.DeviceTaint };
}
const dateRule = ({ spec }: Rule, { nowMs }: StrategyContext): void => date(spec.taint, nowMs);

/** Another effect is another taint, unless its author says since when it is there (pkg/registry/resource/devicetaintrule). */
function dateChange(rule: Rule, { spec: { taint: old } }: Rule, context: StrategyContext): void {
  const { taint } = rule.spec;
  if (taint && taint.effect !== old?.effect && taint.timeAdded === old?.timeAdded) delete taint.timeAdded;
  dateRule(rule, context);
}

export const resourceSliceRules = kindRules<resourcev1.ResourceSlice>({ generation: specChanged, onCreate: dateDevices, onUpdate: (slice, _old, context) => dateDevices(slice, context) });

export const deviceTaintRuleRules = kindRules<resourcev1beta2.DeviceTaintRule>({
  initialStatus: () => ({}),
  onStatusUpdate: keepMetadata,
  resets: { status: ['metadata', 'spec'] },
  generation: specChanged,
  onCreate: dateRule,
  onUpdate: dateChange,
});
