import { type PlacementOptions } from '../topology/pod-placement';

/** Containers run where they will. */
export const noPlacement: PlacementOptions = {
  cpus: { policy: 'none', reservedMilliCpu: 0, reservedCpus: [], fullCores: false, strictReservation: false, spread: false, acrossCores: false, bySocket: false, byCache: false },
  memory: { policy: 'None', reserved: new Map(), kept: {} },
  topology: { policy: 'none', scope: 'container', preferClosest: false, maxNumaNodes: 8 },
};
