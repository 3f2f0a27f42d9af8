/** Tells of every test as it ends: Jest's own reporter is silent until a whole file has, which for the cluster under faults takes a quarter of an hour. */
module.exports = class CaseReporter {
  onTestCaseResult(_file, { status, fullName, duration, failureMessages }) {
    console.log(`  ${status} ${fullName} (${((duration ?? 0) / 1000).toFixed(1)} s)`);
    for (const message of failureMessages) console.log(message);
  }
};
