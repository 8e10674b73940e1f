"""HTTP behind the use cases of tradecore: routes, problem details, generated OpenAPI."""
