/** The library's handle on one tract: every operation as a method of one line (spec 6.3). */
import type { z } from "zod";
import type { CommitRecord } from "../storage/records.ts";
import { type CompiledContext, type CompileRequest, compile } from "./compile/compile.ts";
import { type Explanation, explain } from "./compile/explain.ts";
import { type Forecast, forecast } from "./compile/forecast.ts";
import { type ContentTypeOptions, defineContentType } from "./content/custom-types.ts";
import { type Engine, withScope } from "./engine.ts";
import { invariant } from "./invariant.ts";
import { type AnnotateRequest, type AnnotateResult, annotate } from "./history/annotate.ts";
