// What all rings of one run have come to.

/** Counts what passed, failed and was skipped, and keeps for the end the reasons of the latter two and what passed at a second try only. */
export class Tally {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #failures = [];
  #skips = [];
  #secondTries = [];

  pass() {
    this.#passed += 1;
  }

  fail(what) {
    this.#failed += 1;
    this.#failures.push(what);
  }

  skip(ring, reason) {
    this.#skipped += 1;
    this.#skips.push(`${ring}: ${reason}`);
  }

  /** Takes in Jest's report; `nameOf` shortens the names of files. */
  add(ring, report, nameOf) {
    this.#passed += report.numPassedTests;
    this.#failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
    const skipped = report.numPendingTests + report.numTodoTests;
    this.#skipped += skipped;
    if (skipped > 0) this.#skips.push(`${ring}: ${skipped} tests marked as skipped`);
    for (const suite of report.testResults) {
      if (suite.status === 'failed') this.#failures.push(`${ring}: ${nameOf(suite.name)}`);
      for (const { status, invocations, fullName } of suite.assertionResults) if (status === 'passed' && invocations > 1) this.#secondTries.push(`${ring}: ${nameOf(suite.name)}: ${fullName}`);
    }
  }

  /** Prints all that is to be known; answers the exit code. With `strict` what was skipped counts as failed. */
  conclude(strict, took) {
    console.log('');
    for (const failure of this.#failures) console.log(`failed: ${failure}`);
    for (const test of this.#secondTries) console.log(`passed at the second try: ${test}`);
    for (const reason of this.#skips) console.log(`skipped: ${reason}`);
    console.log(`(${took})`);
    console.log(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`);
    return this.#failed > 0 || (strict && this.#skipped > 0) ? 1 : 0;
  }
}
