/** What an informer has done so far, for metrics. */
export interface InformerCounters {
  snapshots: number;
  watches: number;
  gaps: number;
  fetches: number;
  malformed: number;
}

export const noneCounted = (): InformerCounters => ({ snapshots: 0, watches: 0, gaps: 0, fetches: 0, malformed: 0 });
