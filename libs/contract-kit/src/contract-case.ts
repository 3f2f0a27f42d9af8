/** One thing that an implementation of a contract must do, seen from outside. */
export interface ContractCase<Subject> {
  /** A sentence whose subject is the implementation. */
  readonly name: string;
  /** What not every implementation, or not every set-up of one, can do. */
  readonly needs?: string;
  /** Fails by an assertion that says what was seen. */
  run(subject: Subject): Promise<void>;
}

export type ContractResult =
  | { readonly name: string; readonly outcome: 'holds' }
  | { readonly name: string; readonly outcome: 'fails'; readonly why: string }
  | { readonly name: string; readonly outcome: 'not tried'; readonly why: string };

const caseWithinMs = 60_000;

/** Tries every case in turn, those whose `needs` are offered; tells of each as soon as it is known. */
export async function checkContract<Subject>(
  cases: readonly ContractCase<Subject>[],
  subject: Subject,
  options: { readonly offers?: readonly string[]; readonly tell: (result: ContractResult) => void },
): Promise<ContractResult[]> {
  const results: ContractResult[] = [];
  for (const tried of cases) {
    const { name, needs } = tried;
    const result =
      needs !== undefined && !(options.offers ?? []).includes(needs)
        ? ({ name, outcome: 'not tried', why: `needs ${needs}` } as const)
        : await attempt(name, () => tried.run(subject));
    options.tell(result);
    results.push(result);
  }
  return results;
}

async function attempt(name: string, run: () => Promise<void>): Promise<ContractResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${caseWithinMs / 1000} s`)), caseWithinMs);
  });
  try {
    await Promise.race([run(), late]);
    return { name, outcome: 'holds' };
  } catch (error) {
    return { name, outcome: 'fails', why: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
