module vmconform

go 1.26
