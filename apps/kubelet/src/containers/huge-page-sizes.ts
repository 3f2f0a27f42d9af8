/** Names of huge pages, such as `hugepages-2Mi`, among those of resources. */
export function hugePagesOf(resources: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(resources).filter((name) => name.startsWith('hugepages-'));
}

/** The kernel's name for a size, as the runtime's, has a B where that of resources has an i: `hugepages-2Mi` is `2MB`. */
export function kernelPageSize(resource: string): string {
  return `${resource.slice('hugepages-'.length).replace('i', '')}B`;
}
