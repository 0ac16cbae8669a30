module quarterdeck.test/logs

go 1.26.0
