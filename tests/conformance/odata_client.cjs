// What tests/conformance/test_odata_client.py has @odata/client ask; prints one JSON object.
const { OData } = require("@odata/client");

async function main(url, token) {
  const client = OData.New4({ serviceEndpoint: url, commonHeaders: { Authorization: `Bearer ${token}` } });
  const software = client.getEntitySet("Software");
  const microsoft = client.newFilter().property("vendor").eq("microsoft");
  const options = client.newOptions().filter(microsoft).top(2).orderby("name", "asc").select(["id", "name"]);
  const rows = await software.query(options);
  const one = await software.retrieve("microsoft-_-edge");
  const counted = await client.newRequest({ collection: "Software", params: client.newOptions().count(true).top(1) });
  return { rows, one: one.id, count: await software.count(microsoft), counted: counted["@odata.count"] };
}

main(...process.argv.slice(2)).then(
  (told) => console.log(JSON.stringify(told)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
