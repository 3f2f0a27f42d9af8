import type { flowcontrolv1 } from '@navarch/api';

/** How many requests of a level may run, as its object and the server's limit say. */
export interface SeatLimits {
  readonly nominal: number;
  /** What it keeps for itself however busy others are. */
  readonly minimum: number;
  readonly maximum: number;
  /** Most that one request may take; 0 where the level does not say. */
  readonly maxPerRequest: number;
}

/** Upstream's: of a level's seats, what one request may take. */
const MAX_SHARE = 0.15;
export const DEFAULT_HAND_SIZE = 8;

type Level = flowcontrolv1.PriorityLevelConfiguration;

const sharesOf = ({ spec }: Level): number => (spec?.type === 'Exempt' ? (spec.exempt?.nominalConcurrencyShares ?? 0) : (spec?.limited?.nominalConcurrencyShares ?? 30));

/** Divides the server's seats among the levels by their shares. */
export function seatLimits(levels: readonly Level[], total: number): ReadonlyMap<string, SeatLimits> {
  const shares = levels.reduce((sum, level) => sum + sharesOf(level), 0);
  return new Map(levels.map((level) => {
    const { lendablePercent = 0, borrowingLimitPercent } = level.spec?.limited ?? {};
    const nominal = shares === 0 ? 0 : Math.ceil((total * sharesOf(level)) / shares);
    const minimum = nominal - Math.round((nominal * lendablePercent) / 100);
    const maximum = borrowingLimitPercent === undefined ? total : nominal + Math.round((nominal * borrowingLimitPercent) / 100);
    const { type, queuing } = level.spec?.limited?.limitResponse ?? {};
    const maxPerRequest = type === 'Queue' ? Math.max(1, Math.min(Math.ceil(nominal * MAX_SHARE), Math.floor(nominal / (queuing?.handSize ?? DEFAULT_HAND_SIZE)))) : 0;
    return [level.metadata.name ?? '', { nominal, minimum, maximum, maxPerRequest }];
  }));
}
