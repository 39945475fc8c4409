/** The version of the package, as package.json and manifest.json say it (a test holds the three together). */
export const VERSION = "0.2.0";
