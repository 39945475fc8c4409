/** Versions of what is stored: changing one needs a migration or an old path kept (spec 9, 12). */

/** Of tables and hashed shapes. */
export const SCHEMA_VERSION = 2;
/** Of the compile stages: the same version renders the same record to the same bytes, for ever. */
export const COMPILER_VERSION = 1;
