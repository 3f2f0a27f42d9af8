/** A moment as metav1.Time: RFC 3339 in whole seconds, UTC. */
export function apiTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A moment as metav1.MicroTime. */
export function apiMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}
