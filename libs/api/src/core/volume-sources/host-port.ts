/** Whether a text is an address and a port, as Go's net.SplitHostPort takes it: the port is not looked into. */
export function isHostPort(text: string): boolean {
  return /^(?:\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(text);
}
