// A caller that uses the generated TypeScript client: `node call.js URL TOKEN`. Prints what it got as JSON.

import { Configuration, ExtractApi, OperatorsApi, ResponseError, V2Api } from "./index";
import type { ExtractListResponse, ExtractResponse, V2InferResponse } from "./index";

declare const process: { argv: string[] };

async function main(basePath: string, accessToken: string): Promise<void> {
  const configuration = new Configuration({ basePath, accessToken });
  const extract = new ExtractApi(configuration);
  const one = (await extract.extract({
    extractRequest: { text: "Ada met Grace" },
    xRequestTimeoutMs: 5000,
  })) as ExtractResponse;
  const many = (await extract.extract({
    extractRequest: { texts: ["Ada", "Grace"] },
    degradation: "only",
  })) as ExtractListResponse;
  const columns: V2InferResponse = await new V2Api(configuration).infer({
    model: "summit-extract",
    v2InferRequest: { inputs: [{ name: "text", shape: [1], datatype: "BYTES", data: ["Ada met Grace"] }] },
  });
  const state = await new OperatorsApi(configuration).state();
  const refused = await extract.extract({ extractRequest: {} }).catch(async (error: unknown) => {
    if (!(error instanceof ResponseError)) throw error;
    return { status: error.response.status, code: (await error.response.json()).code };
  });
  console.log(
    JSON.stringify({
      entities: one.entities,
      label: one.spans[0].label,
      version: one.model.version,
      degraded: [one.degraded, many.degraded],
      results: many.results.length,
      column: columns.outputs.find((each) => each.name === "entity")?.data,
      model: state.modelName,
      refused,
    }),
  );
}

main(process.argv[2], process.argv[3]);
