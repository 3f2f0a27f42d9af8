/** What is remembered of a service's modules. */
export interface ModuleStore {
  /** Where a request of a folder leads: `folder \0 request` to a file. */
  readonly paths: Map<string, string>;
  /** V8's compiled code by file. */
  readonly code: Map<string, Buffer>;
}

/** One buffer: the length of a JSON head, the head, the code one after the other. */
export function packModules({ paths, code }: ModuleStore): Buffer {
  const head = Buffer.from(JSON.stringify({ paths: [...paths], code: [...code].map(([file, bytes]) => [file, bytes.length]) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, ...code.values()]);
}

/** Throws on anything that packModules did not write. */
export function unpackModules(bytes: Buffer): ModuleStore {
  const headEnd = 4 + bytes.readUInt32LE(0);
  const head = JSON.parse(bytes.toString('utf8', 4, headEnd)) as { paths: [string, string][]; code: [string, number][] };
  const code = new Map<string, Buffer>();
  let at = headEnd;
  for (const [file, length] of head.code) {
    code.set(file, bytes.subarray(at, at + length));
    at += length;
  }
  if (at !== bytes.length) throw new RangeError(`${bytes.length} bytes where ${at} should be`);
  return { paths: new Map(head.paths), code };
}
