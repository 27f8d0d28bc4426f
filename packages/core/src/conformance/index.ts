// The store suite.
export const suiteVersion = 1;
