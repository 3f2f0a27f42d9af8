/** The key of an extra, as it stands in the name of a header. As upstream: one that is not escaped rightly is taken as it is. */
export function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}
