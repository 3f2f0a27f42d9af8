import { labelName, type NameRule, pathSegmentNameMessages, subdomainName } from '@navarch/apimachinery';

/** Longest name of a CronJob: eleven more characters name its Jobs, and those label pods. */
const cronJobNameMax = 52;

export const pathSegmentName: NameRule = (name, isPrefix) => pathSegmentNameMessages(name, isPrefix);

export const cronJobName: NameRule = (name, isPrefix) =>
  name.length > cronJobNameMax ? [`must be no more than ${cronJobNameMax} characters`] : subdomainName(name, isPrefix);

/** Any name that a URL can carry. */
export const anyName: NameRule = () => [];

export { labelName, subdomainName };
